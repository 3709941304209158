<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en_US">
 <context>
  <name>NCATrainer</name>
  <message>
   <source>NCA Trainer</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Train a neural cellular automaton of a few thousand parameters on your own labelled volumes, or fine-tune one that is there, on this computer. The model appears in MedNCA Segment, with its own verdict.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>After M3D-NCA and Med-NCA by Kalkhof, González and Mukhopadhyay, TU Darmstadt.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>There is no model {start} here; the training starts from a new one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Left out, as MedNCA made them itself: {names}. Add those that you corrected one by one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>No volume of the scene has a segmentation that was made on it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Folder of labelled volumes</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Something changed since the data set was checked. Check it again, make a new plan and train by that?</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Stop the training and delete what was trained so far?</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Delete the training of {name}, its result and the images that were written for it for good? What was added to your models stays there.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>There already is a model {name} among your models. Replace it by this one?</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{name} was added to your models.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The model is in your models now; MedNCA Segment lists it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Export the model</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Models (*.zip)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>These cases cannot be used. Train without them?</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Pause</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Train</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Left out:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{names} not installed; train once from the panel.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The training was not done in time; it can be resumed.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The training was stopped.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Calibration</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>There is no result yet.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Give the model a name.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{folder} holds a model {id} already; choose another name.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Needs {names}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>An empty data set was refused.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Data set</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Volume:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>An image to learn from.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>vtkMRMLScalarVolumeNode</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Segmentation:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>What was drawn on it: a segmentation, or a label map.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>vtkMRMLSegmentationNode</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>vtkMRMLLabelMapVolumeNode</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Add the pair</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Add this volume and its segmentation to the data set.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Add all of the scene</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Add every volume that has a segmentation made on it, or called like it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Remove</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Take the selected rows out of the data set.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>A folder instead...</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Use the labelled volumes of a folder: Medical Segmentation Decathlon, nnU-Net, or the folders images and labels.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Check</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Read every case and say what is wrong with it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The cases, whether they can be used, and why not.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Which segment is which label; the same label for two segments joins them, no label leaves one out.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Double-click on a label to rename it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Start from</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Start from:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>A new model, or one that is fine-tuned.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Name:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>What the new model is called.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>My model</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>modelName</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Plan</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Propose a plan</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Look at the data set, decide how to train, and measure what it will cost here.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Advanced</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The plan as data. What you change here is what is trained.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>JSON; see the documentation of the plan for each entry.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Use the changes</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Check the plan and measure again what it will cost.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Device:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Where it is computed. auto: on an NVIDIA card where there is one.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>device</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Check the data set, propose a plan if there is none, and train.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Cancel</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Stop, and delete what was trained so far.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Trainings that are done, were paused or interrupted.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Resume</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Go on with it from its last checkpoint; one that is done: show its result.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Delete</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Delete it, and the images that were written for it, for good.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Result</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Dice on the cases that were held out.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Show calibration</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>A chart of the Dice that the verdict expects, and its interval, against the NQM.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Add to my models</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>It then appears in MedNCA Segment.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Export...</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Write the model as a zip file for others.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Log</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Copy</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Copy the log to the clipboard.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>NCATrainerLib.choosers</name>
  <message>
   <source>Fine-tune {name}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Open</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Resume</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>NCATrainerLib.messages</name>
  <message>
   <source>A new model (M3D-NCA, 3D)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>A new model (Med-NCA, slice by slice)</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>A new model ({family})</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Writing the volumes ({step} of {total})</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Looking at the cases</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Planning, and measuring what an iteration takes here</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Stopping; what was done is being saved</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Training: iteration {step} of {total}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>, {time} left</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Measuring the model on the cases that were held out</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Comparing with the model that was fine-tuned</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Calibrating, on clean and degraded cases</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Starting</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{n} s</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{n} min</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{n} h</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{usable} of {all} cases can be used.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Something changed since the data set was checked; check it again.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>It knows {labels}. A label that is called the same goes on from it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Labels of the folder that have no name are taken by their value.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>It goes on with {labels}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>New to it: {labels}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>and {n} more</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>No plan yet.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>With your changes. What was proposed without them:</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>About {time} on this computer ({each} an iteration), {memory} MB of memory.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{name}: done</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{name}: iteration {done} of {of}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>, Dice {dice}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>No result yet.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{name}. Cases held out to measure it on: {n}.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Fine-tuning helped.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Fine-tuning did not help; keep the model before.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Calibrated. Of {n} failures among degraded cases, {share} were not called good.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>There is no calibration: the verdict stays grey.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>none</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>NCATrainerLib.pair_export</name>
  <message>
   <source>The label map {name} has another grid.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>The segmentation {name} cannot be put on its grid.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>NCATrainerLib.pairs</name>
  <message>
   <source>Label {value}</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>NCATrainerLib.plan_editor</name>
  <message>
   <source>This is no plan: {error}</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>This is no plan: it must stand in braces.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>NCATrainerLib.plots</name>
  <message>
   <source>iteration</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>loss, Dice</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>loss</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>validation Dice</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>1 - Dice of a member with the result</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>expected Dice</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>low</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>high</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Dice</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>NCATrainerLib.runs</name>
  <message>
   <source>{folder} is no run.</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>NCATrainerLib.tables</name>
  <message>
   <source>Volume</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Segmentation</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>State</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>ready</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Case</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Voxels</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Segment</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Label</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>together</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Dice</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>base model</source>
   <translation type="unfinished" />
  </message>
 </context>
 <context>
  <name>NCATrainerLib.trainer</name>
  <message>
   <source>Add volumes and their segmentations, or choose a folder.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Propose a plan first.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>Wait until what is being done has ended, or cancel it.</source>
   <translation type="unfinished" />
  </message>
  <message>
   <source>{folder} holds no result: {error}</source>
   <translation type="unfinished" />
  </message>
 </context>
</TS>
