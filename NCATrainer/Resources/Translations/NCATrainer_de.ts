<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en_US">
 <context>
  <name>NCATrainer</name>
  <message>
   <source>NCA Trainer</source>
   <translation>NCA Trainer</translation>
  </message>
  <message>
   <source>Train a neural cellular automaton of some ten thousand parameters on your own labeled volumes, or fine-tune one that is there, on this computer. The model appears in MedNCA Segment, with its own verdict. For research and education only.</source>
   <translation>Trainieren Sie auf diesem Computer einen neuronalen zellulären Automaten mit einigen zehntausend Parametern an Ihren eigenen annotierten Volumina, oder trainieren Sie einen vorhandenen nach. Das Modell erscheint in MedNCA Segment, mit eigenem Urteil. Nur für Forschung und Lehre.</translation>
  </message>
  <message>
   <source>Methods: M3D-NCA (Kalkhof, Mukhopadhyay) and Med-NCA (Kalkhof, González, Mukhopadhyay), TU Darmstadt.</source>
   <translation>Methoden: M3D-NCA (Kalkhof, Mukhopadhyay) und Med-NCA (Kalkhof, González, Mukhopadhyay), TU Darmstadt.</translation>
  </message>
  <message>
   <source>There is no model {start} here; the training starts from a new one.</source>
   <translation>Das Modell {start} gibt es hier nicht; das Training beginnt mit einem neuen.</translation>
  </message>
  <message>
   <source>Left out, as MedNCA made them itself: {names}. Add those that you corrected one by one.</source>
   <translation>Weggelassen, weil sie von MedNCA selbst stammen: {names}. Fügen Sie diejenigen, die Sie korrigiert haben, einzeln hinzu.</translation>
  </message>
  <message>
   <source>No volume of the scene has a segmentation that was made on it.</source>
   <translation>Zu keinem Volumen der Szene gibt es eine Segmentierung, die darauf erstellt wurde.</translation>
  </message>
  <message>
   <source>Folder of labeled volumes</source>
   <translation>Ordner mit annotierten Volumina</translation>
  </message>
  <message>
   <source>Something changed since the data set was checked. Check it again, make a new plan and train by that?</source>
   <translation>Seit der Prüfung des Datensatzes hat sich etwas geändert. Erneut prüfen, einen neuen Plan erstellen und mit diesem trainieren?</translation>
  </message>
  <message>
   <source>Stop the training and delete what was trained so far?</source>
   <translation>Das Training beenden und alles bisher Trainierte löschen?</translation>
  </message>
  <message>
   <source>Delete the training of {name}, its result and the images that were written for it for good? What was added to your models stays there.</source>
   <translation>Das Training von {name}, sein Ergebnis und die dafür geschriebenen Bilder endgültig löschen? Was zu Ihren Modellen hinzugefügt wurde, bleibt dort.</translation>
  </message>
  <message>
   <source>There already is a model {name} among your models. Replace it by this one?</source>
   <translation>Unter Ihren Modellen gibt es bereits ein Modell {name}. Durch dieses ersetzen?</translation>
  </message>
  <message>
   <source>{name} was added to your models.</source>
   <translation>{name} wurde zu Ihren Modellen hinzugefügt.</translation>
  </message>
  <message>
   <source>The model is in your models now; MedNCA Segment lists it.</source>
   <translation>Das Modell ist jetzt unter Ihren Modellen; MedNCA Segment führt es in der Liste.</translation>
  </message>
  <message>
   <source>Export the model</source>
   <translation>Modell exportieren</translation>
  </message>
  <message>
   <source>Models (*.zip)</source>
   <translation>Modelle (*.zip)</translation>
  </message>
  <message>
   <source>These cases cannot be used. Train without them?</source>
   <translation>Diese Fälle sind nicht verwendbar. Ohne sie trainieren?</translation>
  </message>
  <message>
   <source>Pause</source>
   <translation>Pausieren</translation>
  </message>
  <message>
   <source>Train</source>
   <translation>Trainieren</translation>
  </message>
  <message>
   <source>Left out:</source>
   <translation>Weggelassen:</translation>
  </message>
  <message>
   <source>{names} not installed; train once from the panel.</source>
   <translation>{names} nicht installiert; trainieren Sie einmal über das Bedienfeld.</translation>
  </message>
  <message>
   <source>The training was not done in time; it can be resumed.</source>
   <translation>Das Training wurde nicht rechtzeitig fertig; es kann fortgesetzt werden.</translation>
  </message>
  <message>
   <source>The training was stopped.</source>
   <translation>Das Training wurde beendet.</translation>
  </message>
  <message>
   <source>Calibration</source>
   <translation>Kalibrierung</translation>
  </message>
  <message>
   <source>There is no result yet.</source>
   <translation>Es gibt noch kein Ergebnis.</translation>
  </message>
  <message>
   <source>Give the model a name.</source>
   <translation>Geben Sie dem Modell einen Namen.</translation>
  </message>
  <message>
   <source>{folder} holds a model {id} already; choose another name.</source>
   <translation>{folder} enthält bereits ein Modell {id}; wählen Sie einen anderen Namen.</translation>
  </message>
  <message>
   <source>Needs {names}.</source>
   <translation>Benötigt {names}.</translation>
  </message>
  <message>
   <source>An empty data set was refused.</source>
   <translation>Ein leerer Datensatz wurde abgelehnt.</translation>
  </message>
  <message>
   <source>Six made-up cases were examined.</source>
   <translation>Sechs künstliche Fälle wurden geprüft.</translation>
  </message>
  <message>
   <source>Data set</source>
   <translation>Datensatz</translation>
  </message>
  <message>
   <source>What a good data set looks like</source>
   <translation>So sieht ein guter Datensatz aus</translation>
  </message>
  <message>
   <source>Three of ten cases: each image has a drawing of the same size under the same name, and each structure has its own color in all of them.</source>
   <translation>Drei von zehn Fällen: Zu jedem Bild gehört eine eingezeichnete Segmentierung gleicher Größe und gleichen Namens, und jede Struktur hat in allen ihre eigene Farbe.</translation>
  </message>
  <message>
   <source>Ten cases or more, of different people, as scanned. Each image with one drawing on the same grid and, in a folder, of the same file name. One label for each structure, the same in all cases, drawn in every slice where it is seen.</source>
   <translation>Zehn Fälle oder mehr, von verschiedenen Personen, unverändert wie aufgenommen. Zu jedem Bild eine eingezeichnete Segmentierung im selben Voxelgitter und, in einem Ordner, mit demselben Dateinamen. Ein Label für jede Struktur, in allen Fällen dasselbe, gezeichnet in jeder Schicht, in der sie zu sehen ist.</translation>
  </message>
  <message>
   <source>Volume:</source>
   <translation>Volumen:</translation>
  </message>
  <message>
   <source>An image to learn from.</source>
   <translation>Ein Bild, aus dem gelernt wird.</translation>
  </message>
  <message>
   <source>Second channel:</source>
   <translation>Zweiter Kanal:</translation>
  </message>
  <message>
   <source>Another image of the same body in the same place, such as ADC beside T2, if the model is to see both. Of more channels make a folder, as nnU-Net has it.</source>
   <translation>Ein anderes Bild desselben Körpers an derselben Stelle, wie ADC neben T2, wenn das Modell beide sehen soll. Bei mehr Kanälen legen Sie einen Ordner an, wie nnU-Net ihn hat.</translation>
  </message>
  <message>
   <source>Segmentation:</source>
   <translation>Segmentierung:</translation>
  </message>
  <message>
   <source>What was drawn on it: a segmentation, or a label map.</source>
   <translation>Was darauf eingezeichnet wurde: eine Segmentierung oder eine Labelmap.</translation>
  </message>
  <message>
   <source>Add this pair</source>
   <translation>Paar hinzufügen</translation>
  </message>
  <message>
   <source>Add this volume and its segmentation to the data set.</source>
   <translation>Dieses Volumen und seine Segmentierung zum Datensatz hinzufügen.</translation>
  </message>
  <message>
   <source>Add all pairs</source>
   <translation>Alle hinzufügen</translation>
  </message>
  <message>
   <source>Add every volume of the scene that has a segmentation made on it, or called like it.</source>
   <translation>Jedes Volumen der Szene hinzufügen, auf dem eine Segmentierung erstellt wurde oder zu dem es eine gleichen Namens gibt.</translation>
  </message>
  <message>
   <source>Use a folder</source>
   <translation>Ordner nutzen</translation>
  </message>
  <message>
   <source>Use the labeled volumes of a folder instead: Medical Segmentation Decathlon, nnU-Net, or the folders images and labels.</source>
   <translation>Stattdessen die annotierten Volumina eines Ordners nutzen: Medical Segmentation Decathlon, nnU-Net oder die Ordner images und labels.</translation>
  </message>
  <message>
   <source>Remove</source>
   <translation>Entfernen</translation>
  </message>
  <message>
   <source>Take the selected rows out of the data set.</source>
   <translation>Die ausgewählten Zeilen aus dem Datensatz nehmen.</translation>
  </message>
  <message>
   <source>Check</source>
   <translation>Prüfen</translation>
  </message>
  <message>
   <source>Read every case and say what is wrong with it.</source>
   <translation>Jeden Fall lesen und angeben, was daran nicht stimmt.</translation>
  </message>
  <message>
   <source>Try it on made-up cases</source>
   <translation>Mit künstlichen Fällen ausprobieren</translation>
  </message>
  <message>
   <source>Adds six small volumes with an organ that was made up to the scene, and its segmentations; nothing is downloaded.</source>
   <translation>Fügt der Szene sechs kleine Volumina mit einem künstlichen Organ und dessen Segmentierungen hinzu; heruntergeladen wird nichts.</translation>
  </message>
  <message>
   <source>The cases, whether they can be used, and why not.</source>
   <translation>Die Fälle, ob sie verwendbar sind und wenn nicht, warum.</translation>
  </message>
  <message>
   <source>Which segment is which label. Two segments with the same label are joined; a segment without one is left out.</source>
   <translation>Welches Segment welches Label ist. Zwei Segmente mit demselben Label werden vereint; ein Segment ohne Label bleibt außen vor.</translation>
  </message>
  <message>
   <source>Double-click on a label to rename it.</source>
   <translation>Doppelklicken Sie auf ein Label, um es umzubenennen.</translation>
  </message>
  <message>
   <source>Model</source>
   <translation>Modell</translation>
  </message>
  <message>
   <source>Start from:</source>
   <translation>Start mit:</translation>
  </message>
  <message>
   <source>A new model, or one that is fine-tuned.</source>
   <translation>Ein neues Modell oder eines, das nachtrainiert wird.</translation>
  </message>
  <message>
   <source>Name:</source>
   <translation>Name:</translation>
  </message>
  <message>
   <source>What the new model is called.</source>
   <translation>Wie das neue Modell heißt.</translation>
  </message>
  <message>
   <source>My model</source>
   <translation>Mein Modell</translation>
  </message>
  <message>
   <source>Plan</source>
   <translation>Plan</translation>
  </message>
  <message>
   <source>I have:</source>
   <translation>Verfügbare Zeit:</translation>
  </message>
  <message>
   <source>How long it may take on this computer, with measuring and calibrating. With less time the grid is coarser, and small structures come out coarser; the plan says what it gave up.</source>
   <translation>Wie lange es auf diesem Computer dauern darf, samt Messen und Kalibrieren. Mit weniger Zeit ist das Gitter gröber, und kleine Strukturen werden gröber; der Plan sagt, worauf er verzichtet.</translation>
  </message>
  <message>
   <source>Propose a plan</source>
   <translation>Plan vorschlagen</translation>
  </message>
  <message>
   <source>Look at the data set, decide how to train, and measure what it will cost here.</source>
   <translation>Den Datensatz auswerten, festlegen, wie trainiert wird, und messen, was es hier kostet.</translation>
  </message>
  <message>
   <source>Details</source>
   <translation>Einzelheiten</translation>
  </message>
  <message>
   <source>The plan as data. What you change here is what is trained.</source>
   <translation>Der Plan als Daten. Was Sie hier ändern, gilt für das Training.</translation>
  </message>
  <message>
   <source>JSON; see the documentation of the plan for each entry.</source>
   <translation>JSON; jeder Eintrag ist in der Dokumentation des Plans beschrieben.</translation>
  </message>
  <message>
   <source>Use the changes</source>
   <translation>Änderungen übernehmen</translation>
  </message>
  <message>
   <source>Check the plan and measure again what it will cost.</source>
   <translation>Den Plan prüfen und neu messen, was er kostet.</translation>
  </message>
  <message>
   <source>Compute on:</source>
   <translation>Rechnen auf:</translation>
  </message>
  <message>
   <source>The device. auto: an NVIDIA card (cuda) where there is one, otherwise the processor (cpu).</source>
   <translation>Das Gerät. auto: eine NVIDIA-Karte (cuda), wo es eine gibt, sonst der Prozessor (cpu).</translation>
  </message>
  <message>
   <source>Check the data set, propose a plan if there is none, and train.</source>
   <translation>Den Datensatz prüfen, einen Plan vorschlagen, falls es noch keinen gibt, und trainieren.</translation>
  </message>
  <message>
   <source>Cancel</source>
   <translation>Abbrechen</translation>
  </message>
  <message>
   <source>Stop, and delete what was trained so far.</source>
   <translation>Beenden und alles bisher Trainierte löschen.</translation>
  </message>
  <message>
   <source>Watch a validation image</source>
   <translation>Ein Validierungsbild beobachten</translation>
  </message>
  <message>
   <source>Load one of the images that are held out, and show what the model finds in it now, after each validation.</source>
   <translation>Eines der zurückgehaltenen Bilder laden und nach jeder Validierung zeigen, was das Modell jetzt darin findet.</translation>
  </message>
  <message>
   <source>Trainings that are done, were paused or interrupted.</source>
   <translation>Abgeschlossene, pausierte oder unterbrochene Trainings.</translation>
  </message>
  <message>
   <source>Resume</source>
   <translation>Fortsetzen</translation>
  </message>
  <message>
   <source>Go on with it from its last checkpoint; one that is done: show its result.</source>
   <translation>Ab dem letzten Sicherungspunkt fortsetzen; ist es abgeschlossen: sein Ergebnis anzeigen.</translation>
  </message>
  <message>
   <source>Delete</source>
   <translation>Löschen</translation>
  </message>
  <message>
   <source>Delete it, and the images that were written for it, for good.</source>
   <translation>Das Training und die dafür geschriebenen Bilder endgültig löschen.</translation>
  </message>
  <message>
   <source>Result</source>
   <translation>Ergebnis</translation>
  </message>
  <message>
   <source>Of the cases that were held out: how far what the model finds overlaps with what was drawn (Dice; 1 is the same), mean ± standard deviation over the cases.</source>
   <translation>Von den zurückgehaltenen Fällen: wie weit das, was das Modell findet, mit der gezeichneten Segmentierung überlappt (Dice; 1 heißt identisch), Mittel ± Standardabweichung über die Fälle.</translation>
  </message>
  <message>
   <source>Add to my models</source>
   <translation>Zu meinen Modellen</translation>
  </message>
  <message>
   <source>It then appears in MedNCA Segment.</source>
   <translation>Das Modell erscheint dann in MedNCA Segment.</translation>
  </message>
  <message>
   <source>Export</source>
   <translation>Exportieren</translation>
  </message>
  <message>
   <source>Write the model as a zip file for others.</source>
   <translation>Das Modell als ZIP-Datei für andere speichern.</translation>
  </message>
  <message>
   <source>Show how the verdict was made</source>
   <translation>Zeigen, wie das Urteil entsteht</translation>
  </message>
  <message>
   <source>The calibration as a chart: the Dice that the verdict expects, and its interval, against the signal (NQM or another).</source>
   <translation>Die Kalibrierung als Diagramm: der Dice, den das Urteil erwartet, und sein Intervall, über dem Signal (NQM oder ein anderes).</translation>
  </message>
  <message>
   <source>Log</source>
   <translation>Protokoll</translation>
  </message>
  <message>
   <source>Copy</source>
   <translation>Kopieren</translation>
  </message>
  <message>
   <source>Copy the log to the clipboard.</source>
   <translation>Das Protokoll in die Zwischenablage kopieren.</translation>
  </message>
 </context>
 <context>
  <name>NCATrainerLib.choosers</name>
  <message>
   <source>Fine-tune {name}</source>
   <translation>{name} nachtrainieren</translation>
  </message>
  <message>
   <source>as long as it takes</source>
   <translation>unbegrenzt</translation>
  </message>
  <message>
   <source>30 minutes</source>
   <translation>30 Minuten</translation>
  </message>
  <message>
   <source>1 hour</source>
   <translation>1 Stunde</translation>
  </message>
  <message>
   <source>overnight, 10 hours</source>
   <translation>über Nacht, 10 Stunden</translation>
  </message>
  <message>
   <source>{n} hours</source>
   <translation>{n} Stunden</translation>
  </message>
  <message>
   <source>Open</source>
   <translation>Öffnen</translation>
  </message>
  <message>
   <source>Resume</source>
   <translation>Fortsetzen</translation>
  </message>
 </context>
 <context>
  <name>NCATrainerLib.messages</name>
  <message>
   <source>A new model (M3D-NCA, 3D)</source>
   <translation>Neues Modell (M3D-NCA, 3D)</translation>
  </message>
  <message>
   <source>A new model (Med-NCA, slice by slice)</source>
   <translation>Neues Modell (Med-NCA, schichtweise)</translation>
  </message>
  <message>
   <source>A new model ({family})</source>
   <translation>Neues Modell ({family})</translation>
  </message>
  <message>
   <source>Writing the volumes ({step} of {total})</source>
   <translation>Volumina werden geschrieben ({step} von {total})</translation>
  </message>
  <message>
   <source>Looking at the cases</source>
   <translation>Fälle werden geprüft</translation>
  </message>
  <message>
   <source>Planning, and measuring what an iteration takes here</source>
   <translation>Planung und Messung, wie lange eine Iteration hier dauert</translation>
  </message>
  <message>
   <source>Stopping; what was trained is deleted then</source>
   <translation>Wird abgebrochen; danach wird das Trainierte gelöscht</translation>
  </message>
  <message>
   <source>Stopping; what was done is being saved</source>
   <translation>Wird angehalten; der bisherige Stand wird gespeichert</translation>
  </message>
  <message>
   <source>Stopping</source>
   <translation>Wird angehalten</translation>
  </message>
  <message>
   <source>Training: iteration {step} of {total}</source>
   <translation>Training: Iteration {step} von {total}</translation>
  </message>
  <message>
   <source>, about {time} left, then it is measured</source>
   <translation>, noch etwa {time}, dann wird gemessen</translation>
  </message>
  <message>
   <source>Measuring the model on the cases that were held out</source>
   <translation>Das Modell wird an den zurückgehaltenen Fällen gemessen</translation>
  </message>
  <message>
   <source>Comparing with the model that was fine-tuned</source>
   <translation>Vergleich mit dem Modell, das nachtrainiert wurde</translation>
  </message>
  <message>
   <source>Calibrating, on clean and degraded cases</source>
   <translation>Kalibrierung an Fällen mit und ohne Bildstörungen</translation>
  </message>
  <message>
   <source>Starting</source>
   <translation>Start</translation>
  </message>
  <message>
   <source>{n} s</source>
   <translation>{n} s</translation>
  </message>
  <message>
   <source>{n} min</source>
   <translation>{n} min</translation>
  </message>
  <message>
   <source>{n} h</source>
   <translation>{n} h</translation>
  </message>
  <message>
   <source>{usable} of {all} cases can be used.</source>
   <translation>{usable} von {all} Fällen sind verwendbar.</translation>
  </message>
  <message>
   <source>Something changed since the data set was checked; check it again.</source>
   <translation>Seit der Prüfung des Datensatzes hat sich etwas geändert; prüfen Sie ihn erneut.</translation>
  </message>
  <message>
   <source>It knows {labels}. A label that is called the same goes on from it.</source>
   <translation>Es kennt {labels}. Ein Label gleichen Namens setzt darauf auf.</translation>
  </message>
  <message>
   <source>Labels of the folder that have no name are taken by their value.</source>
   <translation>Labels des Ordners ohne Namen werden nach ihrem Wert zugeordnet.</translation>
  </message>
  <message>
   <source>It goes on with {labels}.</source>
   <translation>Es lernt weiter an {labels}.</translation>
  </message>
  <message>
   <source>New to it: {labels}.</source>
   <translation>Neu für das Modell: {labels}.</translation>
  </message>
  <message>
   <source>and {n} more</source>
   <translation>und {n} weitere</translation>
  </message>
  <message>
   <source>No plan yet.</source>
   <translation>Noch kein Plan.</translation>
  </message>
  <message>
   <source>Learns {labels} from {cases} cases, some of which are held out to check with.</source>
   <translation>Lernt {labels} aus {cases} Fällen, von denen einige zum Prüfen zurückgehalten werden.</translation>
  </message>
  <message>
   <source>With your changes.</source>
   <translation>Mit Ihren Änderungen.</translation>
  </message>
  <message>
   <source>Say how much time you have, and the plan is one that fits into it.</source>
   <translation>Geben Sie an, wie viel Zeit Sie haben; dann passt der Plan hinein.</translation>
  </message>
  <message>
   <source>About {time} on this computer, {memory} MB of memory.</source>
   <translation>Etwa {time} auf diesem Computer, {memory} MB Speicher.</translation>
  </message>
  <message>
   <source>The computer was busy while that was measured; with nothing else to do it takes {time} at most.</source>
   <translation>Der Computer war beschäftigt, als das gemessen wurde; ohne andere Arbeit braucht er höchstens {time}.</translation>
  </message>
  <message>
   <source>What was proposed without your changes:</source>
   <translation>Was ohne Ihre Änderungen vorgeschlagen wurde:</translation>
  </message>
  <message>
   <source>An iteration took {each} s when that was measured.</source>
   <translation>Eine Iteration brauchte {each} s, als das gemessen wurde.</translation>
  </message>
  <message>
   <source>{name}: done</source>
   <translation>{name}: fertig</translation>
  </message>
  <message>
   <source>{name}: iteration {done} of {of}</source>
   <translation>{name}: Iteration {done} von {of}</translation>
  </message>
  <message>
   <source>, best Dice on the way {dice}</source>
   <translation>, bester Dice im Verlauf {dice}</translation>
  </message>
  <message>
   <source>No result yet.</source>
   <translation>Noch kein Ergebnis.</translation>
  </message>
  <message>
   <source>{name}. Cases held out to measure it on: {n}.</source>
   <translation>{name}. Zum Messen zurückgehaltene Fälle: {n}.</translation>
  </message>
  <message>
   <source>These cases also chose which weights are kept, so that their figures flatter a little.</source>
   <translation>Diese Fälle bestimmten auch, welche Gewichte behalten werden, sodass die Zahlen ein wenig schmeicheln.</translation>
  </message>
  <message>
   <source>There is no calibration: the verdict stays grey.</source>
   <translation>Es gibt keine Kalibrierung: Das Urteil bleibt grau.</translation>
  </message>
  <message>
   <source>Fine-tuning did not help; keep the model before.</source>
   <translation>Das Nachtrainieren hat nicht geholfen; behalten Sie das vorherige Modell.</translation>
  </message>
  <message>
   <source>On these cases fine-tuning bettered the Dice by {gain}.</source>
   <translation>An diesen Fällen verbesserte das Nachtrainieren den Dice um {gain}.</translation>
  </message>
  <message>
   <source>Calibrated. None of the degraded cases failed, so that nothing is known of failures.</source>
   <translation>Kalibriert. Unter den Fällen mit Bildstörungen gab es keinen Fehlschlag; wie Fehlschläge erkannt werden, ist daher nicht bekannt.</translation>
  </message>
  <message>
   <source>Calibrated. Failures among degraded cases: {n}; of these not called good: {caught}. The light was made with cases that the model learned from: on others it may promise a little too much.</source>
   <translation>Kalibriert. Fehlschläge unter den Fällen mit Bildstörungen: {n}; davon nicht als gut eingestuft: {caught}. Die Ampel entstand mit Fällen, aus denen das Modell gelernt hat: Bei anderen verspricht sie vielleicht etwas zu viel.</translation>
  </message>
 </context>
 <context>
  <name>NCATrainerLib.pair_export</name>
  <message>
   <source>The segmentation {name} cannot be put on its grid.</source>
   <translation>Die Segmentierung {name} lässt sich nicht auf das Gitter des Volumens bringen.</translation>
  </message>
 </context>
 <context>
  <name>NCATrainerLib.pairs</name>
  <message>
   <source>Label {value}</source>
   <translation>Label {value}</translation>
  </message>
 </context>
 <context>
  <name>NCATrainerLib.plan_editor</name>
  <message>
   <source>This is no plan: {error}</source>
   <translation>Das ist kein Plan: {error}</translation>
  </message>
  <message>
   <source>This is no plan: it must stand in braces.</source>
   <translation>Das ist kein Plan: Er muss in geschweiften Klammern stehen.</translation>
  </message>
 </context>
 <context>
  <name>NCATrainerLib.plots</name>
  <message>
   <source>iteration</source>
   <translation>Iteration</translation>
  </message>
  <message>
   <source>loss, Dice</source>
   <translation>Verlust, Dice</translation>
  </message>
  <message>
   <source>loss</source>
   <translation>Verlust</translation>
  </message>
  <message>
   <source>validation Dice</source>
   <translation>Validierungs-Dice</translation>
  </message>
  <message>
   <source>expected Dice</source>
   <translation>erwarteter Dice</translation>
  </message>
  <message>
   <source>low</source>
   <translation>untere Grenze</translation>
  </message>
  <message>
   <source>high</source>
   <translation>obere Grenze</translation>
  </message>
  <message>
   <source>Dice</source>
   <translation>Dice</translation>
  </message>
 </context>
 <context>
  <name>NCATrainerLib.runs</name>
  <message>
   <source>{folder} is no run.</source>
   <translation>{folder} ist kein Ordner eines Trainings.</translation>
  </message>
 </context>
 <context>
  <name>NCATrainerLib.sample_cases</name>
  <message>
   <source>Sample {number}</source>
   <translation>Beispiel {number}</translation>
  </message>
  <message>
   <source>{name} segmentation</source>
   <translation>{name} Segmentierung</translation>
  </message>
  <message>
   <source>Organ</source>
   <translation>Organ</translation>
  </message>
 </context>
 <context>
  <name>NCATrainerLib.tables</name>
  <message>
   <source>Volume</source>
   <translation>Volumen</translation>
  </message>
  <message>
   <source>Segmentation</source>
   <translation>Segmentierung</translation>
  </message>
  <message>
   <source>Case</source>
   <translation>Fall</translation>
  </message>
  <message>
   <source>State</source>
   <translation>Status</translation>
  </message>
  <message>
   <source>ready</source>
   <translation>bereit</translation>
  </message>
  <message>
   <source>{size} voxels</source>
   <translation>{size} Voxel</translation>
  </message>
  <message>
   <source>{segment}: double-click on its label to rename it.</source>
   <translation>{segment}: Doppelklick auf das Label, um es umzubenennen.</translation>
  </message>
  <message>
   <source>Segment</source>
   <translation>Segment</translation>
  </message>
  <message>
   <source>Label</source>
   <translation>Label</translation>
  </message>
  <message>
   <source>together</source>
   <translation>gesamt</translation>
  </message>
  <message>
   <source>Overlap (Dice)</source>
   <translation>Überlappung (Dice)</translation>
  </message>
  <message>
   <source>Before</source>
   <translation>Vorher</translation>
  </message>
 </context>
 <context>
  <name>NCATrainerLib.trainer</name>
  <message>
   <source>Add volumes and their segmentations, or choose a folder.</source>
   <translation>Fügen Sie Volumina mit ihren Segmentierungen hinzu oder wählen Sie einen Ordner.</translation>
  </message>
  <message>
   <source>Propose a plan first.</source>
   <translation>Lassen Sie zuerst einen Plan vorschlagen.</translation>
  </message>
  <message>
   <source>Wait until what is being done has ended, or cancel it.</source>
   <translation>Warten Sie, bis der laufende Vorgang beendet ist, oder brechen Sie ihn ab.</translation>
  </message>
  <message>
   <source>{folder} holds no result: {error}</source>
   <translation>{folder} enthält kein Ergebnis: {error}</translation>
  </message>
 </context>
 <context>
  <name>NCATrainerLib.training_request</name>
  <message>
   <source>The labels</source>
   <translation>Die Labels</translation>
  </message>
 </context>
 <context>
  <name>NCATrainerLib.watch</name>
  <message>
   <source>It is shown after the next validation.</source>
   <translation>Es wird nach der nächsten Validierung gezeigt.</translation>
  </message>
  <message>
   <source>{case}: overlap with what was drawn (Dice) {dice}.</source>
   <translation>{case}: Überlappung mit der gezeichneten Segmentierung (Dice) {dice}.</translation>
  </message>
  <message>
   <source>The validation image {name} cannot be loaded.</source>
   <translation>Das Validierungsbild {name} kann nicht geladen werden.</translation>
  </message>
  <message>
   <source>{name}, as the model sees it now</source>
   <translation>{name}, wie das Modell es jetzt sieht</translation>
  </message>
 </context>
 <context>
  <name>mednca_train</name>
  <message>
   <source>{case}: {problem}</source>
   <translation>{case}: {problem}</translation>
  </message>
  <message>
   <source>It has {count} channel(s), and the plan is for {needed}.</source>
   <translation>Zahl der Kanäle dieses Falls: {count}; der Plan ist für {needed}.</translation>
  </message>
  <message>
   <source>Its labels mark {count} structures by different values, farther apart than one field of view. Give them one value (each is then learned in a field of its own), or take a larger field.</source>
   <translation>Seine Labels bezeichnen {count} Strukturen mit verschiedenen Werten, die weiter auseinanderliegen, als ein Bildfeld reicht. Geben Sie ihnen einen gemeinsamen Wert (jede wird dann in einem eigenen Bildfeld gelernt) oder nehmen Sie ein größeres Bildfeld.</translation>
  </message>
  <message>
   <source>There is no fold {fold}: all cases were held out by those before it.</source>
   <translation>Es gibt keinen Durchgang {fold} der Kreuzvalidierung: Alle Fälle wurden schon in den vorigen zurückgehalten.</translation>
  </message>
  <message>
   <source>It has {count} channel(s), others have {others}.</source>
   <translation>Zahl der Kanäle dieses Falls: {count}; andere haben {others}.</translation>
  </message>
  <message>
   <source>Its label map holds the value {value}, which is none of the labels to learn.</source>
   <translation>Die Labelmap enthält den Wert {value}, der zu keinem der zu lernenden Labels gehört.</translation>
  </message>
  <message>
   <source>Its label map is empty.</source>
   <translation>Die Labelmap ist leer.</translation>
  </message>
  <message>
   <source>It cannot be read ({cause}).</source>
   <translation>Der Fall kann nicht gelesen werden ({cause}).</translation>
  </message>
  <message>
   <source>It is the same image as {other}.</source>
   <translation>Das Bild ist dasselbe wie bei {other}.</translation>
  </message>
  <message>
   <source>Two cases are called {name}; give each its own name.</source>
   <translation>Zwei Fälle heißen {name}; geben Sie jedem einen eigenen Namen.</translation>
  </message>
  <message>
   <source>{folder} is not there; check the path.</source>
   <translation>{folder} ist nicht da; prüfen Sie den Pfad.</translation>
  </message>
  <message>
   <source>{folder} holds no data set: it needs the folders images and labels with the same file names in both, or dataset.json, imagesTr and labelsTr as the Medical Segmentation Decathlon and nnU-Net have them.</source>
   <translation>{folder} enthält keinen Datensatz: Benötigt werden die Ordner images und labels mit gleichen Dateinamen in beiden oder dataset.json, imagesTr und labelsTr wie beim Medical Segmentation Decathlon und bei nnU-Net.</translation>
  </message>
  <message>
   <source>{file} cannot be understood: the label {key} is {value}.</source>
   <translation>{file} ist nicht zu verstehen: Das Label {key} ist {value}.</translation>
  </message>
  <message>
   <source>{file} has regions that several labels make up together; give each structure one label of its own.</source>
   <translation>{file} hat Regionen, die mehrere Labels zusammen bilden; geben Sie jeder Struktur ein eigenes Label.</translation>
  </message>
  <message>
   <source>{file} has the label ignore, and voxels to be left out are not supported; leave out such cases.</source>
   <translation>{file} hat das Label ignore; Voxel, die ausgelassen werden sollen, werden nicht unterstützt. Lassen Sie solche Fälle weg.</translation>
  </message>
  <message>
   <source>{why} Nothing is written: {model} stays as it is.</source>
   <translation>{why} Es wird nichts geschrieben: {model} bleibt, wie es ist.</translation>
  </message>
  <message>
   <source>{why} {case} cannot be measured: {cause}</source>
   <translation>{why} {case} kann nicht gemessen werden: {cause}</translation>
  </message>
  <message>
   <source>{model} has too few saved samples to be calibrated anew; give it cases.</source>
   <translation>{model} hat zu wenige gespeicherte Messungen, um neu kalibriert zu werden; geben Sie Fälle an.</translation>
  </message>
  <message>
   <source>The saved samples of {model} lack the signal {signal}; give it cases, without --reuse, to measure it.</source>
   <translation>Den gespeicherten Messwerten von {model} fehlt das Signal {signal}; geben Sie Fälle an, ohne --reuse, um es zu messen.</translation>
  </message>
  <message>
   <source>The model to be made</source>
   <translation>Das Modell, das entstehen soll</translation>
  </message>
  <message>
   <source>The model carries no samples; leave out --reuse.</source>
   <translation>Das Modell enthält keine Messungen; lassen Sie --reuse weg.</translation>
  </message>
  <message>
   <source>{why} The verdict stays grey.</source>
   <translation>{why} Das Urteil bleibt grau.</translation>
  </message>
  <message>
   <source>No light: of {failures} failures on cases that were held out, it would have called {green} good. More cases may mend that, or mednca train --folds 5, which calibrates with all of them.</source>
   <translation>Keine Ampel: Von {failures} Fehlschlägen bei zurückgehaltenen Fällen hätte die Kalibrierung {green} gut genannt. Mehr Fälle können das bessern oder mednca train --folds 5, das mit allen kalibriert.</translation>
  </message>
  <message>
   <source>... ensemble member(s) are too few to measure uncertainty; use ... or more</source>
   <translation>zu wenige Durchläufe (...), um die Unsicherheit zu messen; nötig sind mindestens ...</translation>
  </message>
  <message>
   <source>nothing was found</source>
   <translation>es wurde nichts gefunden</translation>
  </message>
  <message>
   <source>the result reaches the edge of the image or of the field of view, so part of the structure may be missing</source>
   <translation>das Ergebnis reicht bis an den Rand des Bildes oder des Bildfelds, sodass ein Teil der Struktur fehlen kann</translation>
  </message>
  <message>
   <source>the structure found lies ... mm from the click; it may not be what was clicked on</source>
   <translation>die gefundene Struktur liegt ... mm vom Klick entfernt; sie ist vielleicht nicht die angeklickte</translation>
  </message>
  <message>
   <source>the click lies in another piece, of ... ml, than the one that is kept; it may be what was meant</source>
   <translation>der Klick liegt in einem anderen Stück, von ... ml, als dem behaltenen; es kann das gemeinte sein</translation>
  </message>
  <message>
   <source>other pieces of ... ml were found beside the one that is kept; the wrong one may be kept</source>
   <translation>neben dem behaltenen Stück wurden weitere mit ... ml gefunden; vielleicht wurde das falsche behalten</translation>
  </message>
  <message>
   <source>the voxels (... mm) are outside the range accepted for this model (... to ... mm)</source>
   <translation>die Voxel (... mm) liegen außerhalb des für dieses Modell zulässigen Bereichs (... bis ... mm)</translation>
  </message>
  <message>
   <source>the image field is ... mm left-right, but the model was trained on ... to ... mm; click on the organ to take a field of the right size</source>
   <translation>das Bild misst ... mm von links nach rechts, das Modell wurde aber mit ... bis ... mm trainiert; klicken Sie auf das Organ, um ein Bildfeld der richtigen Größe zu nehmen</translation>
  </message>
  <message>
   <source>the image field is ... mm front-back, but the model was trained on ... to ... mm; click on the organ to take a field of the right size</source>
   <translation>das Bild misst ... mm von vorn nach hinten, das Modell wurde aber mit ... bis ... mm trainiert; klicken Sie auf das Organ, um ein Bildfeld der richtigen Größe zu nehmen</translation>
  </message>
  <message>
   <source>the image field is ... mm up-down, but the model was trained on ... to ... mm; click on the organ to take a field of the right size</source>
   <translation>das Bild misst ... mm von oben nach unten, das Modell wurde aber mit ... bis ... mm trainiert; klicken Sie auf das Organ, um ein Bildfeld der richtigen Größe zu nehmen</translation>
  </message>
  <message>
   <source>the result has ... ml, outside the ... to ... ml of plausible structures</source>
   <translation>das Ergebnis hat ... ml; plausible Strukturen haben ... bis ... ml</translation>
  </message>
  <message>
   <source>No light: in none of {samples} images did it find anything that could be judged; in {count} of {samples} {why}. It must be trained better first.</source>
   <translation>Keine Ampel: In keinem von {samples} Bildern fand es etwas, das sich beurteilen ließe; in {count} von {samples} gilt: {why}. Es muss erst besser trainiert werden.</translation>
  </message>
  <message>
   <source>Too few cases for a calibration: {samples} samples of {cases} cases. {needed} are needed, also without each case that it is tried on.</source>
   <translation>Zu wenige Fälle für eine Kalibrierung: {samples} Messungen an {cases} Fällen. Benötigt werden {needed}, und zwar auch dann, wenn jeweils der Fall fehlt, an dem sie erprobt wird.</translation>
  </message>
  <message>
   <source>The model has only hashes of the names of its samples; leave out --reuse.</source>
   <translation>Das Modell kennt die Fälle seiner Messungen nur als Prüfwerte; lassen Sie --reuse weg.</translation>
  </message>
  <message>
   <source>No training case holds any of the labels.</source>
   <translation>Kein Trainingsfall enthält eines der Labels.</translation>
  </message>
  <message>
   <source>None of the validation cases can be measured: {why}</source>
   <translation>An keinem der Validierungsfälle lässt sich messen: {why}</translation>
  </message>
  <message>
   <source>The case name {name} looks like a person's name, a date or a path, and would be written into the model. Rename the case, or keep names out of the model.</source>
   <translation>Der Fallname {name} sieht aus wie der Name einer Person, ein Datum oder ein Pfad und würde in das Modell geschrieben. Benennen Sie den Fall um oder lassen Sie die Namen aus dem Modell heraus.</translation>
  </message>
  <message>
   <source>{case} was trained with, or another image of the same person; give cases that the model has not seen.</source>
   <translation>Mit {case}, oder mit einem anderen Bild derselben Person, wurde trainiert; geben Sie Fälle an, die das Modell nicht gesehen hat.</translation>
  </message>
  <message>
   <source>{name} has only hashes of the names of its cases, so that nobody can tell which ones it has seen; give the split.json of its run by --cases, or say by --unseen that these are others.</source>
   <translation>{name} kennt die Namen seiner Fälle nur als Prüfwerte, sodass niemand sagen kann, welche es gesehen hat; geben Sie mit --cases die split.json seines Trainings an oder sagen Sie mit --unseen, dass dies andere sind.</translation>
  </message>
  <message>
   <source>The model's calibration samples are damaged ({cause}).</source>
   <translation>Die Kalibrierungsdaten des Modells sind beschädigt ({cause}).</translation>
  </message>
  <message>
   <source>{time} is too little here, even for the coarsest plan; {least} is the least.</source>
   <translation>{time} ist hier selbst für den gröbsten Plan zu wenig; das Mindeste ist {least}.</translation>
  </message>
  <message>
   <source>{iterations} iterations of {batch} samples, the best of them is kept.</source>
   <translation>{iterations} Iterationen mit je {batch} Beispielen; der beste Stand wird behalten.</translation>
  </message>
  <message>
   <source>{told} That is little for a good model: {enough} would be enough, in {time}.</source>
   <translation>{told} Das ist wenig für ein gutes Modell: {enough} würden genügen, in {time}.</translation>
  </message>
  <message>
   <source>{time}: {trained} of training at {each} s an iteration, the rest for measuring and calibrating.</source>
   <translation>{time}: {trained} Training bei {each} s je Iteration, der Rest für Messen und Kalibrieren.</translation>
  </message>
  <message>
   <source>{time} The computer was busy while that was measured.</source>
   <translation>{time} Der Computer war beschäftigt, als das gemessen wurde.</translation>
  </message>
  <message>
   <source>Given up for it: the grid is {ours} mm, not {theirs} mm.</source>
   <translation>Der Preis dafür: Das Gitter hat {ours} mm statt {theirs} mm.</translation>
  </message>
  <message>
   <source>{time} would do for {theirs} mm.</source>
   <translation>Für {theirs} mm würden {time} reichen.</translation>
  </message>
  <message>
   <source>It would bring more iterations; the grid is as fine as it can be.</source>
   <translation>Mehr Zeit brächte mehr Iterationen; das Gitter ist so fein wie möglich.</translation>
  </message>
  <message>
   <source>No usable case holds a label.</source>
   <translation>Kein verwendbarer Fall enthält ein Label.</translation>
  </message>
  <message>
   <source>The model has {channels} channels, too few for {count} labels.</source>
   <translation>Das Modell hat {channels} Kanäle, zu wenige für {count} Labels.</translation>
  </message>
  <message>
   <source>{model} needs images of {needed} channel(s) ({names}); these have {count}.</source>
   <translation>Zahl der Bildkanäle, die {model} benötigt: {needed} ({names}); diese Bilder haben {count}.</translation>
  </message>
  <message>
   <source>{model} takes the channels in the order {needed}; these images have them as {given}.</source>
   <translation>{model} nimmt die Kanäle in der Reihenfolge {needed}; diese Bilder haben sie als {given}.</translation>
  </message>
  <message>
   <source>The fingerprint</source>
   <translation>Die Beschreibung des Datensatzes</translation>
  </message>
  <message>
   <source>The training plan</source>
   <translation>Der Trainingsplan</translation>
  </message>
  <message>
   <source>The model has {outputs} outputs for {labels} labels.</source>
   <translation>Das Modell hat {outputs} Ausgänge für {labels} Labels.</translation>
  </message>
  <message>
   <source>Training needs two usable cases at least, one to learn from and one to check with; there are {count}.</source>
   <translation>Das Training benötigt mindestens zwei verwendbare Fälle, einen zum Lernen und einen zum Prüfen; vorhanden: {count}.</translation>
  </message>
  <message>
   <source>{few} {why}</source>
   <translation>{few} {why}</translation>
  </message>
  <message>
   <source>Unknown model family {family}; known are {known}.</source>
   <translation>Unbekannte Modellfamilie {family}; bekannt sind {known}.</translation>
  </message>
  <message>
   <source>Each image has {count} channels: {channels}.</source>
   <translation>Jedes Bild hat {count} Kanäle: {channels}.</translation>
  </message>
  <message>
   <source>Images are not mirrored: a label lies on the same side in nearly all cases, or on the same side of another one.</source>
   <translation>Bilder werden nicht gespiegelt: Ein Label liegt in fast allen Fällen auf derselben Seite, oder auf derselben Seite eines anderen.</translation>
  </message>
  <message>
   <source>Images are mirrored left to right now and then.</source>
   <translation>Die Bilder werden ab und zu von links nach rechts gespiegelt.</translation>
  </message>
  <message>
   <source>{iterations} iterations of {batch} samples; training ends early when {patience} validations in a row bring nothing, and keeps the best.</source>
   <translation>{iterations} Iterationen mit je {batch} Beispielen; das Training endet früher, wenn {patience} Validierungen in Folge nichts bringen, und behält den besten Stand.</translation>
  </message>
  <message>
   <source>{first}; {then}</source>
   <translation>{first}; {then}</translation>
  </message>
  <message>
   <source>{labels} label(s) occur in the {cases} usable cases.</source>
   <translation>Zahl der Labels, die in den {cases} verwendbaren Fällen vorkommen: {labels}.</translation>
  </message>
  <message>
   <source>{told} Not all cases have all of them (value, name, cases): {rare}. Is that meant?</source>
   <translation>{told} Nicht alle Fälle haben alle davon (Wert, Name, Fälle): {rare}. Ist das beabsichtigt?</translation>
  </message>
  <message>
   <source>The labels of a case are one piece: of a result the largest piece is kept.</source>
   <translation>Die Labels eines Falls sind ein Stück: Von einem Ergebnis wird das größte Stück behalten.</translation>
  </message>
  <message>
   <source>All pieces of a result are kept: in {count} cases the labels lie in several.</source>
   <translation>Alle Stücke eines Ergebnisses werden behalten: In {count} Fällen liegen die Labels in mehreren.</translation>
  </message>
  <message>
   <source>{spacing} mm (R, A, S), the median of the cases.</source>
   <translation>{spacing} mm (R, A, S), der Median der Fälle.</translation>
  </message>
  <message>
   <source>{spacing} mm (R, A, S), the median of the cases, made coarser so that the field stays within {largest} voxels.</source>
   <translation>{spacing} mm (R, A, S), der Median der Fälle, vergröbert, damit das Bildfeld höchstens {largest} Voxel lang ist.</translation>
  </message>
  <message>
   <source>{size} voxels: the largest organ with room around it.</source>
   <translation>{size} Voxel: das größte Organ mit Raum darum.</translation>
  </message>
  <message>
   <source>{size} voxels: about the whole image.</source>
   <translation>{size} Voxel: etwa das ganze Bild.</translation>
  </message>
  <message>
   <source>The smallest image has only {size} voxels (R, A, S) on the model's grid, too few for {family}. Choose another family of models, or leave out such images.</source>
   <translation>Das kleinste Bild hat auf dem Gitter des Modells nur {size} Voxel (R, A, S), zu wenige für {family}. Wählen Sie eine andere Modellfamilie, oder lassen Sie solche Bilder weg.</translation>
  </message>
  <message>
   <source>{family} with two levels; {steps} steps carry information across the {cells} cells of the coarse one.</source>
   <translation>{family} mit zwei Stufen; {steps} Schritte tragen Information über die {cells} Zellen der groben Stufe.</translation>
  </message>
  <message>
   <source>{family}: slices along the axis with the thickest slices, two levels, {count} weights.</source>
   <translation>{family}: Schichten entlang der Achse mit den dicksten Schichten, zwei Stufen, {count} Gewichte.</translation>
  </message>
  <message>
   <source>The fine level learns on patches of {size} voxels; the organ fills {share} of an image, so most of them are placed on it.</source>
   <translation>Die feine Stufe lernt an Ausschnitten von {size} Voxeln; das Organ füllt {share} eines Bildes, daher liegen die meisten Ausschnitte darauf.</translation>
  </message>
  <message>
   <source>A plan has no {key}; it has {known}.</source>
   <translation>Ein Plan hat kein {key}; er hat {known}.</translation>
  </message>
  <message>
   <source>{folder} holds several runs, as those of folds; give one of them, or again the command that began them.</source>
   <translation>{folder} enthält mehrere Trainings, etwa die einer Kreuzvalidierung; geben Sie eines davon an oder erneut den Befehl, der sie begonnen hat.</translation>
  </message>
  <message>
   <source>{folder} holds no training run (no {file}).</source>
   <translation>{folder} enthält kein Training ({file} fehlt).</translation>
  </message>
  <message>
   <source>{case}: {file} is gone; put it back to go on.</source>
   <translation>{case}: {file} ist nicht mehr da; legen Sie die Datei zurück, um fortzufahren.</translation>
  </message>
  <message>
   <source>The label map of {case} was changed since the run in {folder} was begun; put the old one back, or begin a new run.</source>
   <translation>Die Labelmap von {case} wurde geändert, seit das Training in {folder} begonnen wurde; stellen Sie die alte wieder her oder beginnen Sie ein neues Training.</translation>
  </message>
  <message>
   <source>The image of {case} was changed since the run in {folder} was begun; put the old one back, or begin a new run.</source>
   <translation>Das Bild von {case} wurde geändert, seit der Lauf in {folder} begonnen wurde; stellen Sie das alte wieder her oder beginnen Sie einen neuen Lauf.</translation>
  </message>
  <message>
   <source>{file} names a state that this version does not know: {cause}.</source>
   <translation>{file} nennt einen Zustand, den diese Version nicht kennt: {cause}.</translation>
  </message>
  <message>
   <source>{path} cannot be read ({cause}).</source>
   <translation>{path} kann nicht gelesen werden ({cause}).</translation>
  </message>
  <message>
   <source>{folder} holds no model.</source>
   <translation>{folder} enthält kein Modell.</translation>
  </message>
  <message>
   <source>{folder} is no folder, or it is gone.</source>
   <translation>{folder} ist kein Ordner oder nicht mehr da.</translation>
  </message>
  <message>
   <source>A batch of this plan needs {needed} GB at least, and this computer has {there} GB; make batch, patch or field_of_view smaller, or set recompute.</source>
   <translation>Ein Batch dieses Plans benötigt mindestens {needed} GB, und dieser Computer hat {there} GB; verkleinern Sie batch, patch oder field_of_view oder setzen Sie recompute.</translation>
  </message>
  <message>
   <source>The process that tried this plan died; it may need too much memory. Make batch, patch or field_of_view smaller, or set recompute.</source>
   <translation>Der Prozess, der diesen Plan ausprobierte, wurde unerwartet beendet; vielleicht braucht der Plan zu viel Speicher. Verkleinern Sie batch, patch oder field_of_view, oder setzen Sie recompute.</translation>
  </message>
  <message>
   <source>{path} is not as a training writes it, perhaps as a spreadsheet saved it; restore it, or delete it.</source>
   <translation>{path} ist nicht so, wie ein Training die Datei schreibt, vielleicht hat eine Tabellenkalkulation sie gespeichert; stellen Sie sie wieder her, oder löschen Sie sie.</translation>
  </message>
  <message>
   <source>{folder} already holds a training run; resume it or choose another folder.</source>
   <translation>{folder} enthält bereits ein Training; setzen Sie es fort oder wählen Sie einen anderen Ordner.</translation>
  </message>
  <message>
   <source>{folder} holds something else ({name}); choose a new folder for the run.</source>
   <translation>{folder} enthält etwas anderes ({name}); wählen Sie einen neuen Ordner für das Training.</translation>
  </message>
  <message>
   <source>The memory of {device} is not enough for this plan. Make patch or batch smaller, or set recompute.</source>
   <translation>Der Speicher von {device} reicht für diesen Plan nicht. Verkleinern Sie patch oder batch oder setzen Sie recompute.</translation>
  </message>
  <message>
   <source>The process that reads the cases died; it may need too much memory. Resume to go on.</source>
   <translation>Der Prozess, der die Fälle liest, wurde unerwartet beendet; vielleicht braucht er zu viel Speicher. Setzen Sie das Training fort.</translation>
  </message>
  <message>
   <source>{processes} processes cannot share {samples} samples an iteration; start fewer, or make the plan's batch larger.</source>
   <translation>{processes} Prozesse können sich {samples} Beispiele je Iteration nicht teilen; starten Sie weniger oder vergrößern Sie batch im Plan.</translation>
  </message>
  <message>
   <source>The training run in {folder} is damaged and cannot be resumed: {cause}.</source>
   <translation>Das Training in {folder} ist beschädigt und kann nicht fortgesetzt werden: {cause}.</translation>
  </message>
  <message>
   <source>{why} What was trained so far is kept; resume once that is mended.</source>
   <translation>{why} Das bisher Trainierte bleibt erhalten; setzen Sie das Training fort, sobald das behoben ist.</translation>
  </message>
  <message>
   <source>Training diverged at iteration {iteration} (the loss is not a number), {times} times set back. Choose a smaller learning rate.</source>
   <translation>Das Training ist bei Iteration {iteration} divergiert (der Verlust ist keine Zahl), nachdem es {times}-mal zurückgesetzt wurde. Wählen Sie eine kleinere Lernrate.</translation>
  </message>
  <message>
   <source>The loss was not a number at iteration {where}; back to iteration {iteration} with half the learning rate.</source>
   <translation>Der Verlust war bei Iteration {where} keine Zahl; zurück zu Iteration {iteration} mit halber Lernrate.</translation>
  </message>
  <message>
   <source>Stopping after this iteration; Ctrl-C again stops at once.</source>
   <translation>Es endet nach dieser Iteration; ein zweites Strg-C beendet es sofort.</translation>
  </message>
  <message>
   <source>Training needs two cases at least: one to learn from, one to check with.</source>
   <translation>Das Training benötigt mindestens zwei Fälle: einen zum Lernen, einen zum Prüfen.</translation>
  </message>
  <message>
   <source>{folder} was begun with --keep-names; go on with it, or choose another --run.</source>
   <translation>{folder} wurde mit --keep-names begonnen; machen Sie damit weiter, oder wählen Sie ein anderes --run.</translation>
  </message>
  <message>
   <source>{folder} was begun without --keep-names; go on without it, or choose another --run.</source>
   <translation>{folder} wurde ohne --keep-names begonnen; machen Sie ohne weiter, oder wählen Sie ein anderes --run.</translation>
  </message>
  <message>
   <source>{folder} was begun with other cases: {case} differs; go on with the same, or choose another --run.</source>
   <translation>{folder} wurde mit anderen Fällen begonnen: {case} weicht ab; machen Sie mit denselben weiter, oder wählen Sie ein anderes --run.</translation>
  </message>
  <message>
   <source>{folder} is the part of a cross-validation that learns from all cases; go on with the command that began it.</source>
   <translation>{folder} ist der Teil einer Kreuzvalidierung, der aus allen Fällen lernt; fahren Sie mit dem Befehl fort, der sie begonnen hat.</translation>
  </message>
  <message>
   <source>{target} exists already and is not of this run; choose another folder with --out.</source>
   <translation>{target} ist bereits vorhanden und stammt nicht von diesem Training; wählen Sie mit --out einen anderen Ordner.</translation>
  </message>
  <message>
   <source>A validation report cannot be read ({cause}).</source>
   <translation>Ein Validierungsbericht kann nicht gelesen werden ({cause}).</translation>
  </message>
  <message>
   <source>It goes on from {model}; its grid, intensities and field of view stay.</source>
   <translation>Es geht von {model} aus; Gitter, Intensitäten und Bildfeld bleiben, wie sie dort sind.</translation>
  </message>
 </context>
</TS>
